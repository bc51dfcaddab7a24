import type { Command, LoadAll } from '../command.ts'

/** Each command is loaded only when it runs: most start in a fraction of the time that loading all of them takes. */
export const registry: { readonly [name: string]: (all: LoadAll) => Promise<Command> } = {
  run: async () => (await import('./run.ts')).runCommand,
  init: async () => (await import('./init.ts')).initCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  diff: async () => (await import('./diff.ts')).diffCommand,
  explain: async () => (await import('./explain.ts')).explainCommand,
  fuzz: async () => (await import('./fuzz.ts')).fuzzCommand,
  simulate: async () => (await import('./simulate.ts')).simulateCommand,
  worker: async () => (await import('./worker.ts')).workerCommand,
  replay: async () => (await import('./replay.ts')).replayCommand,
  scenario: async () => (await import('./scenario.ts')).scenarioCommand,
  compare: async () => (await import('./compare.ts')).compareCommand,
  targets: async () => (await import('./targets.ts')).targetsCommand,
  workloads: async () => (await import('./workloads.ts')).workloadsCommand,
  reporters: async () => (await import('./reporters.ts')).reportersCommand,
  proxy: async () => (await import('./proxy.ts')).proxyCommand,
  record: async () => (await import('./record.ts')).recordCommand,
  ui: async () => (await import('./ui.ts')).uiCommand,
  page: async () => (await import('./page.ts')).pageCommand,
  mcp: async () => (await import('./mcp.ts')).mcpCommand,
  routes: async () => (await import('./routes.ts')).routesCommand,
  ctl: async () => (await import('./ctl.ts')).ctlCommand,
  completion: async (all) => (await import('./completion.ts')).completionCommand(all),
}
