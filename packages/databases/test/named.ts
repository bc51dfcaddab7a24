import type { Target } from '@chaosproxy/runner'
import { targetNames as builtIn, targetOf as found } from '@chaosproxy/targets/named'
import { databases } from '../src/index.ts'

/** The names of all targets, including the databases. */
export const targetNames: readonly string[] = [...builtIn, ...databases.keys()]

export const targetOf = (name: string): Promise<Target> => found(name, databases)
