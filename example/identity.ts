import { defineIdentity } from "deskhand";
import { openStore } from "./store/store.ts";

/** Customers prove who they are by a code that goes to the address on file; they may type the address or their id. */
export default defineIdentity({
  id: /^cust_\d+$/i,
  find(claim) {
    return openStore().get<{ id: string; email: string }>(
      "SELECT id, email FROM customers WHERE id = ?1 OR email = ?1",
      claim.trim().toLowerCase(),
    );
  },
});
