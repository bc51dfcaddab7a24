import { adjective } from './level-words.ts'
import type { PlayedVerdict } from './played-story.ts'
import { listed } from './words.ts'

export function verdictsText(verdicts: readonly PlayedVerdict[]): string {
  const named = (result: PlayedVerdict['result']) =>
    verdicts.filter((verdict) => verdict.result === result).map(({ level }) => adjective(level))
  const [met, violated, unknown] = [named('met'), named('violated'), named('unknown')]
  const parts = [
    ...(met.length === 0 ? [] : [`the history is ${listed(met)}`]),
    ...(violated.length === 0
      ? []
      : [`${met.length === 0 ? 'the history is' : 'it is'} not ${violated.join(', nor ')}`]),
    ...(unknown.length === 0 ? [] : [`whether the history is ${listed(unknown)} is unknown`]),
  ]
  return parts.join('; ')
}
