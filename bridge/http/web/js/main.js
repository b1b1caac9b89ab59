/** Where the page begins. */

import { Page } from "./page.js";
import { takeFromAddress } from "./token.js";

takeFromAddress();
new Page().start();
