import type { CheckOptions, Staleness } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import { unlimited } from '../src/limits/budget.ts'
import { encodeRegister } from '../src/register/encoding/encode.ts'
import { stalenessOf } from '../src/register/staleness/measure.ts'

/** Measures how far behind reads were, without a limit on time or memory. */
export function measureStaleness(
  history: History,
  options: Pick<CheckOptions, 'initial' | 'failedCas'>,
): Staleness | undefined {
  const { encoded, decoder } = encodeRegister(history, options)
  return stalenessOf(encoded, decoder, unlimited)
}
