// htmx reads its settings from <meta name="htmx-config"> in base.html.
import htmx from "htmx.org";

window.htmx = htmx;
