import assert from 'node:assert/strict';
import { test } from 'node:test';
import { languageOf } from './language.ts';

test('English is English, with words in it that are commonest elsewhere', () => {
  for (const question of [
    'Do you have a mobile app?',
    'Do I need a visa?',
    'Who would win a fight between a tiger and a hippo?',
    'Can a power engineer get a job abroad?',
    'bash if -a versus -e option',
    'Did anybody die in the war?',
    'Come to me at once',
    'e-mail a copy to me',
    'kubectl get pods',
    'What does "c’est la vie" mean?',
    'What is the meaning of el niño?',
    '',
  ])
    assert.equal(languageOf(question), 'en', question);
});

test('other languages are told by their commonest words, and other scripts by their signs', () => {
  const cases: [string, string][] = [
    ['Was ist die Hauptstadt von Frankreich?', 'de'],
    ['Wie kann ich mein Passwort ändern?', 'de'],
    ['Quelle est la capitale de la France ?', 'fr'],
    ['Comment changer mon mot de passe ?', 'fr'],
    ['¿Cuál es la capital de Francia?', 'es'],
    ['cómo puedo cambiar mi contraseña', 'es'],
    ['Qual è la capitale della Francia?', 'it'],
    ['Come posso cambiare la mia password?', 'it'],
    ['Qual é a capital da França?', 'pt'],
    ['Como posso mudar a minha senha?', 'pt'],
    ['Wat is de hoofdstad van Frankrijk?', 'nl'],
    ['Hoe kan ik mijn wachtwoord wijzigen?', 'nl'],
    ['Какая столица Франции?', 'cyrillic'],
    ['フランスの首都はどこですか', 'kana'],
    ['法国的首都是哪里', 'han'],
  ];
  for (const [question, language] of cases) assert.equal(languageOf(question), language, question);
});
