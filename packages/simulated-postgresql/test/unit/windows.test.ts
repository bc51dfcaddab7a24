import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { SimulatedAnswers } from '../simulated-answers.ts'

let answers: SimulatedAnswers

beforeAll(async () => {
  await loadParser()
  answers = new SimulatedAnswers()
})

/** Returns the values of a window function for the numbers x from 1 to 5, or the code and message of its error. */
function computed(call: string): unknown {
  const answer = answers.answer(`select string_agg(coalesce(f::text, 'null'), ' ' order by x)
    from (select x, ${call} as f from generate_series(1, 5) x) s`)
  if (answer.kind === 'rows') return answer.rows[0]?.[0]
  return answer.kind === 'error' ? `${answer.code} ${answer.message}` : `refused ${answer.what}`
}

// The values and the errors are those of PostgreSQL 18.
test.each([
  ['ntile(0) over (order by x)', '22014 argument of ntile must be greater than zero'],
  ['ntile(1) over (order by x)', '1 1 1 1 1'],
  ['ntile(2) over (order by x)', '1 1 1 2 2'],
  ['ntile(3) over (order by x)', '1 1 2 2 3'],
  ['ntile(9) over (order by x)', '1 2 3 4 5'],
  ['ntile(null) over (order by x)', 'null null null null null'],
  ['nth_value(x, 0) over (order by x)', '22016 argument of nth_value must be greater than zero'],
  ['nth_value(x, 1) over (order by x)', '1 1 1 1 1'],
  ['nth_value(x, 3) over (order by x)', 'null null 3 3 3'],
  ['nth_value(x, 3) over (order by x rows between 1 preceding and 1 following)', 'null 3 4 5 null'],
  ['lag(x) over (order by x)', 'null 1 2 3 4'],
  ['lag(x, 0) over (order by x)', '1 2 3 4 5'],
  ['lag(x, 2) over (order by x)', 'null null 1 2 3'],
  ['lag(x, 2, -1) over (order by x)', '-1 -1 1 2 3'],
  ['lag(x, -1) over (order by x)', '2 3 4 5 null'],
  ['lag(x, null) over (order by x)', 'null null null null null'],
  ['lead(x) over (order by x)', '2 3 4 5 null'],
  ['lead(x, 4, 0) over (order by x)', '5 0 0 0 0'],
  ['lead(x, 5, 0) over (order by x)', '0 0 0 0 0'],
  ['first_value(x) over (order by x rows between 1 preceding and current row)', '1 1 2 3 4'],
  ['last_value(x) over (order by x)', '1 2 3 4 5'],
  ['last_value(x) over (order by x rows between current row and 1 following)', '2 3 4 5 5'],
  ['last_value(x) over (order by x / 2)', '1 3 3 5 5'],
  ['row_number() over (order by x desc)', '5 4 3 2 1'],
  ['rank() over (order by x / 2)', '1 2 2 4 4'],
  ['dense_rank() over (order by x / 2)', '1 2 2 3 3'],
  ['percent_rank() over (order by x / 2)', '0 0.25 0.25 0.75 0.75'],
  ['cume_dist() over (order by x / 2)', '0.2 0.6 0.6 1 1'],
  ['percent_rank() over (partition by x)', '0 0 0 0 0'],
  ['sum(x) over ()', '15 15 15 15 15'],
  ['sum(x) over (order by x)', '1 3 6 10 15'],
  ['sum(x) over (order by x / 2)', '1 6 6 15 15'],
  ['sum(x) over (order by x rows 1 preceding)', '1 3 5 7 9'],
  ['sum(x) over (order by x rows between 0 preceding and 0 following)', '1 2 3 4 5'],
  ['sum(x) over (order by x rows between 2 preceding and 1 preceding)', 'null 1 3 5 7'],
  ['sum(x) over (order by x rows between 1 following and 2 following)', '5 7 9 5 null'],
  ['sum(x) over (order by x rows between unbounded preceding and unbounded following)', '15 15 15 15 15'],
  ['sum(x) over (order by x range 1 preceding)', '1 3 5 7 9'],
  ['sum(x) over (order by x range between 1 preceding and 1 following)', '3 6 9 12 9'],
  ['sum(x) over (order by x desc range between 1 preceding and 1 following)', '3 6 9 12 9'],
  ['sum(x) over (order by x range between 1 following and 2 following)', '5 7 9 5 null'],
  ['sum(x) over (order by x rows -1 preceding)', '22013 frame starting offset must not be negative'],
  [
    'sum(x) over (order by x rows between current row and -1 following)',
    '22013 frame ending offset must not be negative',
  ],
  ['sum(x) over (order by x range -1 preceding)', '22013 invalid preceding or following size in window function'],
  ['sum(x) over (order by x rows null preceding)', '22004 frame starting offset must not be null'],
  ['count(*) over (order by x rows between 1 preceding and 2 preceding)', '0 0 0 0 0'],
  ['count(*) filter (where x > 2) over (order by x)', '0 0 1 2 3'],
  ['sum(x) over (partition by x % 2 order by x)', '1 2 4 6 9'],
  ['array_agg(x) over (order by x rows between 1 preceding and current row)', '{1} {1,2} {2,3} {3,4} {4,5}'],
  ['max(x) over (order by x rows between 3 preceding and 2 preceding)', 'null null 1 2 3'],
])('the window function %s of the numbers x from 1 to 5 returns %s', (call, expected) => {
  expect(computed(call)).toBe(expected)
})
