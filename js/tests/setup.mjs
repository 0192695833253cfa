/** Node warns of more than ten listeners to one signal; a view has many, all gone with the signal. */

import { setMaxListeners } from "node:events";

setMaxListeners(0);
