import type { Command, LoadAll } from '../command.ts'
import { commandFor } from '../use.ts'

/** Each command is loaded only when it runs: most start in a fraction of the time that loading all of them takes. */
export const registry: { readonly [name: string]: (all: LoadAll) => Promise<Command> } = {
  run: async () =>
    commandFor((await import('../run/use.ts')).runUse, async () => (await import('../run/execute.ts')).executeRun),
  init: async () => (await import('./init.ts')).initCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  check: async () =>
    commandFor(
      (await import('../check/use.ts')).checkUse,
      async () => (await import('../check/execute.ts')).executeCheck,
    ),
  diff: async () => (await import('./diff.ts')).diffCommand,
  explain: async () => (await import('./explain.ts')).explainCommand,
  fuzz: async () =>
    commandFor((await import('../fuzz/use.ts')).fuzzUse, async () => (await import('../fuzz/execute.ts')).executeFuzz),
  simulate: async () =>
    commandFor(
      (await import('../simulate/use.ts')).simulateUse,
      async () => (await import('../fuzz/execute.ts')).executeFuzz,
    ),
  worker: async () => (await import('./worker.ts')).workerCommand,
  replay: async () =>
    commandFor(
      (await import('../replay/use.ts')).replayUse,
      async () => (await import('../replay/execute.ts')).executeReplay,
    ),
  scenario: async () =>
    commandFor(
      (await import('../scenario/use.ts')).scenarioUse,
      async () => (await import('../scenario/execute.ts')).executeScenario,
    ),
  compare: async () =>
    commandFor(
      (await import('../compare/use.ts')).compareUse,
      async () => (await import('../compare/execute.ts')).executeCompare,
    ),
  targets: async () => (await import('./targets.ts')).targetsCommand,
  workloads: async () => (await import('./workloads.ts')).workloadsCommand,
  reporters: async () => (await import('./reporters.ts')).reportersCommand,
  proxy: async () =>
    commandFor(
      (await import('../proxy/use.ts')).proxyUse,
      async () => (await import('../proxy/serve.ts')).executeProxy,
    ),
  record: async () =>
    commandFor(
      (await import('../record/use.ts')).recordUse,
      async () => (await import('../record/execute.ts')).executeRecord,
    ),
  ui: async () => (await import('./ui.ts')).uiCommand,
  page: async () => (await import('./page.ts')).pageCommand,
  mcp: async () => (await import('./mcp.ts')).mcpCommand,
  routes: async () => (await import('./routes.ts')).routesCommand,
  ctl: async () => (await import('./ctl.ts')).ctlCommand,
  completion: async (all) => (await import('./completion.ts')).completionCommand(all),
}
