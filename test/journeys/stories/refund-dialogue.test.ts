import { perform } from "./perform.ts";
import { refundDialogue } from "./refund-dialogue.ts";

perform(refundDialogue);
