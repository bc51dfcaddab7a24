import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { SimulatedAnswers } from '../simulated-answers.ts'

beforeAll(loadParser)

/** Returns what pg_get_constraintdef returns for a CHECK constraint with this condition. */
function printed(condition: string): unknown {
  const answers = new SimulatedAnswers()
  answers.execute("create type mood as enum ('sad', 'ok'); create domain small as int")
  answers.execute(`create table t (i int, l bigint, s smallint, n numeric, f float8, b bool, d small, t text,
    v varchar(9), c char(3), m mood, "Q q" int, constraint k check (${condition}))`)
  const answer = answers.answer("select pg_get_constraintdef(oid) from pg_constraint where conname = 'k'")
  return answer.kind === 'rows' ? answer.rows[0]?.[0] : answer.kind
}

// The texts are those of PostgreSQL 18.
test.each([
  ['b', 'b'],
  ['not b', '(NOT b)'],
  ['b = true', '(b = true)'],
  ['b = false', '(b = false)'],
  ['i is null', '(i IS NULL)'],
  ['i is not null', '(i IS NOT NULL)'],
  ['v is null', '(v IS NULL)'],
  ['i > 0', '(i > 0)'],
  ['i > -1', "(i > '-1'::integer)"],
  ['l > 1', '(l > 1)'],
  ['s > 1', '(s > 1)'],
  ['n > 1', '(n > (1)::numeric)'],
  ['n > -1', "(n > ('-1'::integer)::numeric)"],
  ['n > 1.5', '(n > 1.5)'],
  ['f > 1', '(f > (1)::double precision)'],
  ["t > 'it''s'", "(t > 'it''s'::text)"],
  ["v = 'a'", "((v)::text = 'a'::text)"],
  ["c = 'a'", "(c = 'a'::bpchar)"],
  ["m = 'sad'", "(m = 'sad'::mood)"],
  ['"Q q" > 0', '("Q q" > 0)'],
  ['i = i', '(i = i)'],
  ['v = v', '((v)::text = (v)::text)'],
  ['i in (1)', '(i = 1)'],
  ['i not in (1)', '(i <> 1)'],
  ['i in (1, 2)', '(i = ANY (ARRAY[1, 2]))'],
  ['i not in (1, 2)', '(i <> ALL (ARRAY[1, 2]))'],
  ['l in (1, 2)', '(l = ANY (ARRAY[(1)::bigint, (2)::bigint]))'],
  ["c in ('a', 'b')", "(c = ANY (ARRAY['a'::bpchar, 'b'::bpchar]))"],
  ["m in ('sad', 'ok')", "(m = ANY (ARRAY['sad'::mood, 'ok'::mood]))"],
  ["v in ('a', 'b')", "((v)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))"],
  ['i between 1 and 2', '((i >= 1) AND (i <= 2))'],
  ["v between 'a' and 'b'", "(((v)::text >= 'a'::text) AND ((v)::text <= 'b'::text))"],
  ['length(t) > 1', '(length(t) > 1)'],
  ['length(v) > 1', '(length((v)::text) > 1)'],
  ['char_length(t) > 1', '(char_length(t) > 1)'],
  ['length(t) = i', '(length(t) = i)'],
  ["lower(upper(t)) = 'a'", "(lower(upper(t)) = 'a'::text)"],
  ['t = lower(v)', '(t = lower((v)::text))'],
  ['i > 0 and l > 0 or b', '(((i > 0) AND (l > 0)) OR b)'],
  ['not (i > 0 or l > 0)', '(NOT ((i > 0) OR (l > 0)))'],
])('the condition %s of a CHECK constraint is printed as %s', (condition, expected) => {
  expect(printed(condition)).toBe(`CHECK (${expected})`)
})

test.each([
  ...['d > 0', 'd is null', 'd = d', 'i = l', 'v = t', 'i = 2.5', 'n > 1e3', 'f > 1.5', 'i > null', '1 < i'],
  ...['1 is null', 'i + 1 > 0', 'i > 0 + 1', 'i % 2 = 0', "t like 'a%'", "t ~ 'a'", 'i is distinct from 1'],
  ...['n in (1, 2)', 'b in (true, false)', 'i in (1, l)', 'i in (1, i)', 'i between 1 and l', 'i not between 1 and 2'],
  ...['abs(i) > 1', "substr(t, 1) = 'a'", "trim(t) = 'a'", 'length(i::text) > 1', 'coalesce(i, 1) > 0'],
  ...['(i, l) = (1, 2)', 'i > 0 and abs(i) > 1', 'i > 0 or abs(i) > 1'],
])('the text of a CHECK constraint with the condition %s is refused', (condition) => {
  expect(printed(condition)).toBe('refused')
})
