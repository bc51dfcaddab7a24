import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Mutation } from './mutation.ts'

const OTHERS = ['mutation.ts', 'registry.ts']

/** Every deliberate mistake: each file of this folder exports the list of one area. */
export const mutations: readonly Mutation[] = (
  await Promise.all(
    readdirSync(import.meta.dirname)
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !OTHERS.includes(name))
      .map(
        (name): Promise<{ readonly [list: string]: readonly Mutation[] }> => import(join(import.meta.dirname, name)),
      ),
  )
).flatMap((area) => Object.values(area).flat())
