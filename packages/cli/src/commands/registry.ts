import type { Command, LoadAll } from '../command.ts'
import { commandFor } from '../use.ts'

/** Loads each command only when it runs, which is much faster than loading all. */
export const registry: { readonly [name: string]: (all: LoadAll) => Promise<Command> } = {
  run: () => commandFor(import('../run/use.ts'), () => import('../run/execute.ts')),
  init: async () => (await import('./init.ts')).initCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  check: () => commandFor(import('../check/use.ts'), () => import('../check/execute.ts')),
  convert: async () => (await import('./convert.ts')).convertCommand,
  diff: async () => (await import('./diff.ts')).diffCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
  explain: async () => (await import('./explain.ts')).explainCommand,
  fuzz: () => commandFor(import('../fuzz/use.ts'), () => import('../fuzz/execute.ts')),
  simulate: () => commandFor(import('../simulate/use.ts'), () => import('../fuzz/execute.ts')),
  worker: async () => (await import('./worker.ts')).workerCommand,
  replay: () => commandFor(import('../replay/use.ts'), () => import('../replay/execute.ts')),
  scenario: () => commandFor(import('../scenario/use.ts'), () => import('../scenario/execute.ts')),
  gallery: () => commandFor(import('../gallery/use.ts'), () => import('../gallery/execute.ts')),
  compare: () => commandFor(import('../compare/use.ts'), () => import('../compare/execute.ts')),
  targets: async () => (await import('./targets.ts')).targetsCommand,
  workloads: async () => (await import('./workloads.ts')).workloadsCommand,
  reporters: async () => (await import('./reporters.ts')).reportersCommand,
  proxy: () => commandFor(import('../proxy/use.ts'), () => import('../proxy/execute.ts')),
  record: () => commandFor(import('../record/use.ts'), () => import('../record/execute.ts')),
  ui: async () => (await import('./ui.ts')).uiCommand,
  page: async () => (await import('./page.ts')).pageCommand,
  mcp: async () => (await import('./mcp.ts')).mcpCommand,
  routes: async () => (await import('./routes.ts')).routesCommand,
  ctl: async () => (await import('./ctl.ts')).ctlCommand,
  completion: async (all) => (await import('./completion.ts')).completionCommand(all),
}
