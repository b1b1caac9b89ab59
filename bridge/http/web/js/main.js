/** Where the page begins. */

import { Page } from "./page.js";
import { takeFromAddress } from "./token.js";
import { WORDS } from "./words.js";

takeFromAddress(() => window.confirm(WORDS.replaceSignIn));
new Page().start();
