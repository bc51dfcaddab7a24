import type { Command, LoadAll } from '../command.ts'
import { commandFor } from '../use.ts'

const loaded = async (module: Promise<{ readonly command: Command }>): Promise<Command> => (await module).command

/** Loads each command only when it runs, which is much faster than loading all. */
export const registry: { readonly [name: string]: (all: LoadAll) => Promise<Command> } = {
  run: () => commandFor(import('../run/use.ts'), () => import('../run/execute.ts')),
  init: () => loaded(import('./init.ts')),
  doctor: () => loaded(import('./doctor.ts')),
  check: () => commandFor(import('../check/use.ts'), () => import('../check/execute.ts')),
  convert: () => loaded(import('./convert.ts')),
  diff: () => loaded(import('./diff.ts')),
  verify: () => loaded(import('./verify.ts')),
  explain: () => loaded(import('./explain.ts')),
  fuzz: () => commandFor(import('../fuzz/use.ts'), () => import('../fuzz/execute.ts')),
  simulate: () => commandFor(import('../simulate/use.ts'), () => import('../fuzz/execute.ts')),
  worker: () => loaded(import('./worker.ts')),
  replay: () => commandFor(import('../replay/use.ts'), () => import('../replay/execute.ts')),
  scenario: () => commandFor(import('../scenario/use.ts'), () => import('../scenario/execute.ts')),
  gallery: () => commandFor(import('../gallery/use.ts'), () => import('../gallery/execute.ts')),
  compare: () => commandFor(import('../compare/use.ts'), () => import('../compare/execute.ts')),
  targets: () => loaded(import('./targets.ts')),
  workloads: () => loaded(import('./workloads.ts')),
  reporters: () => loaded(import('./reporters.ts')),
  proxy: () => commandFor(import('../proxy/use.ts'), () => import('../proxy/execute.ts')),
  record: () => commandFor(import('../record/use.ts'), () => import('../record/execute.ts')),
  ui: () => loaded(import('./ui.ts')),
  page: () => loaded(import('./page.ts')),
  mcp: () => loaded(import('./mcp.ts')),
  routes: () => loaded(import('./routes.ts')),
  ctl: () => loaded(import('./ctl.ts')),
  completion: async (all) => (await import('./completion.ts')).completionCommand(all),
}
