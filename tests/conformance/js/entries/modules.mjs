// What the package offers, by the import lines that its README gives.

import * as warded from "warded";
import * as derive from "warded/derive";
import * as hazmat from "warded/hazmat";

export const modules = { warded, derive, hazmat };
