import { createOfflineModel } from "../../src/language-model/offline-model.ts";
import { describeLanguageModel } from "../contracts/language-model.ts";

describeLanguageModel("offline", async () => ({ model: createOfflineModel() }));
