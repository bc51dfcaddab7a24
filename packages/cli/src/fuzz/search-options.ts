import { availableParallelism } from 'node:os'
import { type SearchSpec, USUAL_OUT } from '@chaosproxy/engine'
import { millis, UserError } from '@chaosproxy/history'
import { count, duration } from '@chaosproxy/runner'
import { type SubjectKind, strategies, usualStrategiesOf } from '@chaosproxy/simulator'
import * as v from 'valibot'
import { asCount, asDuration, flag, valuesOf, word } from '../arguments/declare.ts'
import { oneOf } from '../arguments/one-of.ts'
import type { Options } from '../arguments/option.ts'
import { printDuration } from '../arguments/quantities.ts'
import type { ParsedOptions } from '../command.ts'

/** Short trials find more in the same time. */
export const USUAL_OPERATIONS = 60

const USUAL_TIME_MS = millis(30_000)
const USUAL_SHRINK_MS = 3_000
/** No search is that long: a greater number is a mistake. */
export const LONGEST_SEARCH_MS: number = 1_000 * 3_600_000
const MOST_SEEDS = 1_000_000_000
const MOST_WORKERS = 256

const declared = {
  operations: asCount(
    v.optional(count('operations per trial: short trials find more in the same time', 1, 10_000), USUAL_OPERATIONS),
  ),
  seed: asCount(
    v.optional(count('the first seed; each trial has one of its own', 0, Number.MAX_SAFE_INTEGER - MOST_SEEDS), 1),
  ),
  seeds: asCount(v.optional(count('stop after this many seeds', 1, MOST_SEEDS))),
  time: asDuration(v.optional(duration('stop after this long', 0, LONGEST_SEARCH_MS)), {
    usual: printDuration(USUAL_TIME_MS),
  }),
  'keep-going': flag('do not stop at the first failure; show one of each cause'),
  shrink: asDuration(
    v.optional(
      duration('how long to shrink a failure, up to five times as long where runs are slow', 0, LONGEST_SEARCH_MS),
      USUAL_SHRINK_MS,
    ),
  ),
  'verify-determinism': flag('run every trial twice, and compare to the byte'),
  workers: asCount(v.optional(count('how many threads', 1, MOST_WORKERS)), { usual: 'one for each core' }),
  out: word('directory for the failures found', USUAL_OUT),
}

/** The options of every search. */
export const searchOptions: Options = declared

type SearchTerms = Pick<
  SearchSpec,
  'firstSeed' | 'limit' | 'keepGoing' | 'verifyDeterminism' | 'shrinkMs' | 'workers' | 'out'
>

/** What the options of every search say, and how many operations each trial has. */
export function parseSearch(options: ParsedOptions): { readonly operations: number; readonly terms: SearchTerms } {
  const typed = valuesOf(options, declared)
  if (typed.seeds !== undefined && typed.time !== undefined)
    throw new UserError('usage', '--seeds and --time both say when to stop: give one of them.')
  return {
    operations: typed.operations,
    terms: {
      firstSeed: typed.seed,
      limit: typed.seeds === undefined ? { timeMs: typed.time ?? USUAL_TIME_MS } : { seeds: typed.seeds },
      keepGoing: typed['keep-going'],
      verifyDeterminism: typed['verify-determinism'],
      shrinkMs: typed.shrink,
      workers: typed.workers ?? availableParallelism(),
      out: typed.out ?? USUAL_OUT,
    },
  }
}

const strategyNames = strategies.map(({ name }) => name)

/** Names of strategies, comma-separated. @throws UserError (usage) */
export const parseStrategies = (typed: string): readonly string[] =>
  typed.split(',').map((name) => oneOf('strategy', 'strategy', name.trim(), strategyNames))

export const usualStrategyNames = (subject: SubjectKind): readonly string[] =>
  usualStrategiesOf(subject).map(({ name }) => name)
