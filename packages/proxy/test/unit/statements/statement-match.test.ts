import { expect, test } from 'vitest'
import { compileStatement } from '../../../src/statements/statement-match.ts'

test.each([
  ['COMMIT', 'commit', true],
  ['COMMIT', '  /* traced */ -- by us\n COMMIT WORK;', true],
  ['COMMIT', 'COMMITTED', false],
  ['COMMIT', "INSERT INTO t VALUES ('; COMMIT')", false],
  ['COMMIT', "BEGIN; UPDATE t SET n = 'it''s;'; COMMIT", true],
  ['COMMIT', 'SELECT $a$ ; commit $a$', false],
  ['COMMIT', 'SELECT $1; commit', true],
  ['COMMIT', '/* ; COMMIT', false],
  ['insert into payments', 'INSERT\n  INTO payments(n) VALUES ($1)', true],
  ['insert into payments', 'INSERT INTO payments_old VALUES (1)', false],
  ['insert into "Payments" (', 'insert into "Payments"(n)', true],
  ['update', 'SELECT 1 FOR UPDATE', false],
  ['COMMIT', '--\nCOMMIT', true],
  ['COMMIT', '\n-- ; COMMIT', false],
  ['COMMIT', '/**/COMMIT', true],
  ['COMMIT', '/*/ ; COMMIT */', false],
  ['COMMIT', "SELECT ''; COMMIT", true],
  ['COMMIT', 'SELECT `;`; COMMIT', true],
  ['COMMIT', 'SELECT "; COMMIT', false],
  ['COMMIT', 'SELECT $a$ a; COMMIT $a$', false],
  ['COMMIT', 'SELECT $a$ $b$ $a$; COMMIT', true],
  ['COMMIT', `SELECT $${'x'.repeat(62)}$ ; COMMIT $${'x'.repeat(62)}$`, false],
  ['COMMIT', `SELECT $${'x'.repeat(63)}$ ; COMMIT $${'x'.repeat(63)}$`, true],
  ['COMMIT', '', false],
])('the statement pattern %j applied to the text %j returns %j', (words, sql, has) => {
  expect(compileStatement(words)(sql)).toBe(has)
})

test('matching a statement takes time proportional to its length', () => {
  const isCommit = compileStatement('COMMIT')
  for (const part of ['/*', "'", '"x', '$a$', '--', '; ', '$', '(']) expect(isCommit(part.repeat(30_000))).toBe(false)
})
