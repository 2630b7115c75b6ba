// When a class type is chosen, its length, places and price are filled in. What somebody typed is left alone.
// The figures stand on the choices themselves; without script, the server takes them for fields left empty.

const FIGURES = ["minutes", "capacity", "price"];

export function classDefaults() {
  return {
    filled: {},

    init() {
      this.filled = this.figures();
    },

    fill() {
      const figures = this.figures();
      for (const name of FIGURES) {
        const field = this.$root.elements[name];
        const untouched = field.value === "" || field.value === this.filled[name];
        if (untouched && figures[name] !== undefined) field.value = figures[name];
      }
      this.filled = figures;
    },

    figures() {
      const chosen = this.$root.elements.class_type.selectedOptions[0];
      return chosen ? { ...chosen.dataset } : {};
    },
  };
}
