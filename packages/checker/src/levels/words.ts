import type { LevelDefinition, Rung } from './definition.ts'
import { type Level, levels } from './levels.ts'
import { definitions } from './registry.ts'

const words: ReadonlyMap<string, LevelDefinition> = new Map(
  definitions.map((definition: LevelDefinition) => [definition.name, definition]),
)

type Words = Pick<LevelDefinition, 'adjective' | 'sentence'>

/** For a recorded database: this level stands for the declared isolation, not for a property of the history. */
const declared: Words = {
  adjective: 'isolated as declared',
  sentence: 'Each transaction gets the level of isolation that it asked for.',
}

/** The adjective and sentence of a level. Undefined for most levels of judges other than consistency. */
export const wordsOfLevel = (level: string): Words | undefined => (level === 'declared' ? declared : words.get(level))

export interface RungOfLevels extends Rung {
  /** Strongest first. */
  readonly levels: readonly Level[]
  /** The levels that a comparison of systems shows; the others say too little on their own. */
  readonly compared: readonly Level[]
}

/** The rungs with their levels, strongest first. */
export const rungs: readonly RungOfLevels[] = [...new Set([...words.values()].map(({ rung }) => rung))].map((rung) => {
  const own = levels.filter((level) => words.get(level)?.rung === rung)
  return { ...rung, levels: own, compared: own.filter((level) => words.get(level)?.isCompared === true) }
})

/** Names of levels on one line; levels of transactions appear without their stronger forms. */
export function levelsInWords(names: readonly string[]): string {
  const plain = names.filter((level) => !level.startsWith('strong-'))
  const others =
    plain.length === names.length ? '' : '; also strong-session-… and strong-…, such as strong-snapshot-isolation'
  return `${plain.join(', ')}${others}`
}
