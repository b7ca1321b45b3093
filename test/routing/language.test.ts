import { describe, expect, it } from "vitest";
import { languageOf } from "../../src/routing/language.ts";

describe("the language of a message", () => {
  it.each([
    ["en", "How long does express shipping take?"],
    ["en", "Where is my order ORD-12345?"],
    ["en", "I want a refund"],
    ["en", "ORD-1002"],
    ["en", ""],
    ["de", "Wie lange dauert der Versand?"],
    ["de", "Wo ist meine Bestellung ORD-12345?"],
    ["de", "Ich möchte mein Geld zurück"],
    ["fr", "Combien de temps dure la livraison ?"],
    ["fr", "Où est ma commande ?"],
    ["fr", "Je n'ai pas reçu mon colis"],
    ["es", "¿Cuánto tarda el envío?"],
    ["es", "Quiero devolver un producto que compré"],
    ["it", "Quanto tempo ci vuole per la spedizione?"],
    ["it", "Dove è il mio ordine?"],
    ["pt", "Quanto tempo demora a entrega do meu pedido?"],
    ["pt", "Não recebi a minha encomenda"],
    ["nl", "Hoe lang duurt de levering?"],
    ["nl", "Waar is mijn bestelling?"],
    ["ja", "注文はどこですか?"],
    ["ru", "Где мой заказ?"],
  ])("%s: %s", (language, text) => {
    expect(languageOf(text)).toBe(language);
  });
});
