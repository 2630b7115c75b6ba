// htmx for parts of pages, Alpine (its CSP build: no eval) where a part has a state of its own.
// Every page works without this file; here is only what makes it pleasanter.

import "./htmx.js";
import Alpine from "@alpinejs/csp";
import { timeLeft } from "./time_left.js";
import { classDefaults } from "./class_defaults.js";
import { copyFields } from "./copy.js";
import { followDays } from "./day_strip.js";
import { showFailures } from "./failures.js";
import { followKeys } from "./keys.js";
import { keepShowingOwnTimes } from "./own_time.js";
import { closePanels } from "./panels.js";
import { refreshOnReturn } from "./return.js";
import { sendOnce } from "./send_once.js";

Alpine.data("timeLeft", timeLeft);
Alpine.data("classDefaults", classDefaults);
Alpine.start();
showFailures();
followKeys();
followDays();
keepShowingOwnTimes();
refreshOnReturn();
sendOnce();
closePanels();
copyFields();
