import type { Command } from '../command.ts'
import { registry } from './registry.ts'

/** The named command or, without one that there is, all of them: help and the remedy for a typo name each. */
export async function loadCommands(name?: string): Promise<readonly Command[]> {
  const load = name !== undefined && Object.hasOwn(registry, name) ? registry[name] : undefined
  return load === undefined ? loadAll() : [await load(loadAll)]
}

const loadAll = (): Promise<readonly Command[]> => Promise.all(Object.values(registry).map((load) => load(loadAll)))
