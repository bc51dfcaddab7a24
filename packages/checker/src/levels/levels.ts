import type { Ladder } from '../verdict/ladder.ts'
import type { LevelDefinition, WeakDefinition } from './definition.ts'
import { definitions } from './registry.ts'

type Registered = (typeof definitions)[number]

/** The name of a consistency level, such as `linearizable` or `read-your-writes`. */
export type Level = Registered['name']

export type WeakLevel = Extract<Registered, WeakDefinition>['name']

const all: readonly LevelDefinition<Level>[] = definitions

/** The consistency levels, strongest first. */
export const levels: readonly Level[] = all.map(({ name }) => name)

/**
 * What each level directly implies. The order is partial: causal memory and causal convergence are incomparable, causal
 * does not imply PRAM, PRAM does not imply the session guarantees.
 */
export const implied: { readonly [level in Level]: readonly Level[] } = byLevel(({ implies }) =>
  implies.flatMap((weaker) => levels.filter((level) => level === weaker)),
)

function byLevel<Value>(of: (definition: LevelDefinition<Level>) => Value): { readonly [level in Level]: Value } {
  return Object.fromEntries(all.map((definition) => [definition.name, of(definition)])) as {
    [level in Level]: Value
  }
}

export const consistency: Ladder<Level> = {
  levels,
  implied,
  apart: all.filter(({ isApart }) => isApart === true).map(({ name }) => name),
  realTime: all.filter(({ isRealTime }) => isRealTime === true).map(({ name }) => name),
  lasting: ['linearizable'],
  tied: 'linearizable',
}

const isWeakDefinition = (definition: LevelDefinition): definition is WeakDefinition<WeakLevel> =>
  'contradiction' in definition

const weak = new Map(all.filter(isWeakDefinition).map((definition) => [definition.name, definition]))

/** Cheapest first. */
export const weakLevels: readonly WeakLevel[] = [...weak.values()]
  .sort((a, b) => a.cost - b.cost)
  .map(({ name }) => name)

export const isWeak = (level: string): level is WeakLevel => (weakLevels as readonly string[]).includes(level)

export function weakDefinition(level: WeakLevel): WeakDefinition<WeakLevel> {
  const definition = weak.get(level)
  if (definition === undefined) throw new Error(`${level} is not a level between sequential and eventual`)
  return definition
}

export const follows = (level: Level, weaker: Level): boolean =>
  level === weaker || implied[level].some((next) => follows(next, weaker))

/** By level, strongest first: the headline of a history that meets this level but is not sequential. */
export const summaries: ReadonlyMap<Level, string> = new Map(
  all.flatMap(({ name, headline }) => (headline === undefined ? [] : [[name, headline]])),
)
