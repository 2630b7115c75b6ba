// htmx for parts of pages, Alpine (its CSP build: no eval) where a part has a state of its own.
// Every page works without this file; here is only what makes it pleasanter.

import "./htmx.js";
import Alpine from "@alpinejs/csp";
import { timeLeft } from "./time_left.js";
import { showFailures } from "./failures.js";

Alpine.data("timeLeft", timeLeft);
Alpine.start();
showFailures();
