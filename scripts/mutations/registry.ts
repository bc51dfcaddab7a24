import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Mutation } from './mutation.ts'

const OTHERS = ['mutation', 'registry']

/** Every deliberate mistake: each file of this folder exports the list of one area. */
export const mutations: readonly Mutation[] = (
  await Promise.all(
    readdirSync(import.meta.dirname)
      // Leaves out declaration files, which are beside compiled files.
      .filter((name) => /^[\w-]+\.[jt]s$/.test(name) && !OTHERS.includes(name.slice(0, -3)))
      .map(
        (name): Promise<{ readonly [list: string]: readonly Mutation[] }> => import(join(import.meta.dirname, name)),
      ),
  )
).flatMap((area) => Object.values(area).flat())
