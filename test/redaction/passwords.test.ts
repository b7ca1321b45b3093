import { describe, expect, it } from "vitest";
import { redact } from "../../src/redaction/redact.ts";

const gone = "[removed: password]";

describe("a password that is written down", () => {
  it.each([
    ["password: hunter2", `password: ${gone}`],
    ["Password: swordfish", `Password: ${gone}`],
    ["password = Tr0ub4dor&3", `password = ${gone}`],
    ["my password is hunter2", `my password is ${gone}`],
    ["my password is swordfish.", `my password is ${gone}.`],
    ['my password is "correct horse battery staple"', `my password is "${gone}"`],
    ["I changed my password to Winter2020!", `I changed my password to ${gone}`],
    [
      "the wifi password for the office is hunter22, thanks",
      `the wifi password for the office is ${gone}, thanks`,
    ],
    ["password hunter2", `password ${gone}`],
    ["login: bob, pw: s3cret", `login: bob, pw: ${gone}`],
    ["user/pass: bob/hunter2", `user/pass: ${gone}`],
    ["my pass: hunter2", `my pass: ${gone}`],
    ['{"user":"bob","password":"hunter2","n":1}', `{"user":"bob","password":"${gone}","n":1}`],
    ["password:\nhunter2", `password:\n${gone}`],
    ["password: **hunter2**", `password: **${gone}**`],
    ["DB_PASSWORD=hunter2", `DB_PASSWORD=${gone}`],
    ["dbPassword: 'hunter2'", `dbPassword: '${gone}'`],
    ["Server=x;User Id=sa;Password=abc;Encrypt=true", `Server=x;User Id=sa;Password=${gone};Encrypt=true`],
    ["Mein Passwort lautet Sommer2024", `Mein Passwort lautet ${gone}`],
    ["Kennwort: geheim1", `Kennwort: ${gone}`],
    ["mon mot de passe est azerty123", `mon mot de passe est ${gone}`],
    ["Mot de passe : azerty123", `Mot de passe : ${gone}`],
    ["mi contraseña es gato2020", `mi contraseña es ${gone}`],
    ["la mia password è Juve1897", `la mia password è ${gone}`],
    ["minha senha é flamengo10", `minha senha é ${gone}`],
    ["wachtwoord: fiets123", `wachtwoord: ${gone}`],
    ["hasło: kotek123", `hasło: ${gone}`],
    ["пароль: кошка123", `пароль: ${gone}`],
    ["パスワードは neko1234 です", `パスワードは ${gone} です`],
    ["我的密码是mima1234。", `我的密码是${gone}`],
    ["密码: mima1234", `密码: ${gone}`],
  ])("is removed: %s", (text, clean) => expect(redact(text).text).toBe(clean));

  it.each([
    "My password is wrong",
    "my password is not working since 2024-01-15",
    "password is incorrect.",
    "The password is case-sensitive",
    "Is my password expired?",
    "password: how do I reset it?",
    "Subject: forgot password: please help",
    "password reset link: https://account.example.com/reset",
    "a password must have 8 characters, one of them !",
    "password to reset 2024",
    "I changed my password to the new one",
    "reset my password ORD-12345",
    "password: ********",
    "password: <your password>",
    "password=$PASSWORD",
    "password manager 1Password",
    'it says "password is incorrect or expired"',
    "Mein Passwort ist abgelaufen",
    "mot de passe oublié",
    "my passport: AB1234567",
    "boarding pass: XY1234, bus pass: 77",
  ])("is not there when people only speak of one: %s", (text) => expect(redact(text).text).toBe(text));
});

describe("a card's PIN and a wallet's phrase", () => {
  it.each([
    ["my pin is 1234", "my pin is [removed: PIN]"],
    ["PIN: 9876.", "PIN: [removed: PIN]."],
    ["Geheimzahl 4711", "Geheimzahl [removed: PIN]"],
    [
      "my seed phrase is abandon ability able about above absent absorb abstract absurd abuse access accident",
      "my seed phrase is [removed: recovery phrase]",
    ],
  ])("are removed: %s", (text, clean) => expect(redact(text).text).toBe(clean));

  it.each(["pincode 560001", "pin code: 560001", "my code is 482913", "the pin is 5 cm long", "spin 1234"])(
    "are not places and one-time codes: %s",
    (text) => expect(redact(text).text).toBe(text),
  );
});

describe("credentials in headers, addresses and commands", () => {
  const token = "abcDEF123456ghiJKL789";

  it.each([
    [`Authorization: Bearer ${token}`, "Authorization: Bearer [removed: authorization]"],
    ["Authorization: Basic Ym9iOmh1bnRlcjI=", "Authorization: Basic [removed: authorization]"],
    [`"Authorization": "Token ${token}"`, `"Authorization": "Token [removed: authorization]"`],
    [
      'Authorization: Digest username="bob", response="6629fae4"',
      "Authorization: Digest [removed: authorization]",
    ],
    [`with bearer ${token} it fails`, "with bearer [removed: authorization] it fails"],
    [`X-Api-Key: ${token}`, "X-Api-Key: [removed: key]"],
    [`Cookie: session=${token}; theme=dark`, "Cookie: [removed: cookie]"],
    ["curl -u bob:hunter2 https://api.example.com", "curl -u [removed: credentials] https://api.example.com"],
    ["curl --user 'bob:hun ter2' x", "curl --user [removed: credentials] x"],
    [`curl -H "X-Token: ${token}" x`, `curl -H "X-Token: [removed: key]" x`],
    [
      "postgres://bob:hun:ter2@db.example.com:5432/app",
      "postgres://bob:[removed: password]@db.example.com:5432/app",
    ],
    [
      "mongodb+srv://bob:hunter2@cluster0.example.net",
      "mongodb+srv://bob:[removed: password]@cluster0.example.net",
    ],
    ["redis://:hunter2@cache:6379", "redis://:[removed: password]@cache:6379"],
    ["https://bob:hunter2@example.com/x", "https://[removed: credentials]@example.com/x"],
    [
      `https://example.com/reset?token=${token}&step=2`,
      "https://example.com/reset?token=[removed: key]&step=2",
    ],
    [
      "https://shop.example/cb?code=4%2F0AX4XfWi123456789&state=xyz",
      "https://shop.example/cb?code=[removed: key]&state=xyz",
    ],
    [
      "https://shop.example/cart;jsessionid=0123456789ABCDEF0123",
      "https://shop.example/cart;jsessionid=[removed: key]",
    ],
    ['<add key="Password" value="hunter2!" />', '<add key="Password" value="[removed: password]" />'],
  ])("are removed: %s", (text, clean) => expect(redact(text).text).toBe(clean));

  it.each([
    "https://example.com:8080/path?order=ORD-12345&page=2#top",
    "https://shop.example/?code=SUMMER2026&ticket=4711",
    "mailto:jane@example.com, see https://medium.com/@jane/post-123",
    "Authorization is needed. A cookie: eat it. Basic plan, bearer of news.",
    "curl https://api.example.com/v1/orders -H 'Accept: application/json'",
  ])("are not there in plain ones: %s", (text) => expect(redact(text).text).toBe(text));
});
