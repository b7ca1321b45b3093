import { knowledgeAndOrders } from "./knowledge-and-orders.ts";
import { perform } from "./perform.ts";

perform(knowledgeAndOrders);
