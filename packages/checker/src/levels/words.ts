import type { LevelDefinition, Rung } from './definition.ts'
import { type Level, levels } from './levels.ts'
import { definitions } from './registry.ts'

const words: ReadonlyMap<string, LevelDefinition> = new Map(
  definitions.map((definition: LevelDefinition) => [definition.name, definition]),
)

type Words = Pick<LevelDefinition, 'adjective' | 'sentence'>

/** The words for `declared`, the level of a recorded database whose transactions declare their isolation levels. */
const declared: Words = {
  adjective: 'isolated as declared',
  sentence: 'each transaction gets the level of isolation that it asked for',
}

/** Returns the adjective and the sentence of a consistency level or of `declared`; undefined for any other level. */
export const wordsOfLevel = (level: string): Words | undefined => (level === 'declared' ? declared : words.get(level))

export interface RungOfLevels extends Rung {
  /** Strongest first. */
  readonly levels: readonly Level[]
  /** The levels that a comparison of systems shows. The omitted levels say too little without the other levels. */
  readonly compared: readonly Level[]
}

/** The groups of levels that pages show together, strongest first. */
export const rungs: readonly RungOfLevels[] = [...new Set([...words.values()].map(({ rung }) => rung))].map((rung) => {
  const own = levels.filter((level) => words.get(level)?.rung === rung)
  return { ...rung, levels: own, compared: own.filter((level) => words.get(level)?.isCompared === true) }
})

/** Names of levels on one line, without the stronger forms of transaction levels. */
export function levelsInWords(names: readonly string[]): string {
  const plain = names.filter((level) => !level.startsWith('strong-'))
  const others =
    plain.length === names.length ? '' : '; also strong-session-… and strong-…, such as strong-snapshot-isolation'
  return `${plain.join(', ')}${others}`
}
