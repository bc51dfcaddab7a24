import type { Command } from '../command.ts'
import { registry } from './registry.ts'

/** Loads the named command. For an unknown name loads all commands, because help and suggestions need every name. */
export async function loadCommands(name?: string): Promise<readonly Command[]> {
  const load = name !== undefined && Object.hasOwn(registry, name) ? registry[name] : undefined
  return load === undefined ? loadAll() : [await load(loadAll)]
}

const loadAll = (): Promise<readonly Command[]> => Promise.all(Object.values(registry).map((load) => load(loadAll)))
