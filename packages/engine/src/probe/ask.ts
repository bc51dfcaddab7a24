import { type Probe, type ProbeAnswer, parseRequirement } from '@chaosproxy/runner/result'

/** Placeholders for servers' addresses, such as `n1`, in URLs and commands. */
export type Placeholders = { readonly [name: string]: string }

/** Runs all probes at once. Never throws: a missing answer contains the reason. */
export async function askProbes(
  requirements: readonly string[],
  placeholders: Placeholders = {},
): Promise<ReadonlyMap<string, ProbeAnswer>> {
  const asked = requirements.flatMap((typed) => {
    const requirement = parseRequirement(typed, 'require')
    return requirement.kind === 'probe' ? [requirement] : []
  })
  const answers = asked.map(async ({ written, probe }) => [written, await ask(filled(probe, placeholders))] as const)
  return new Map(await Promise.all(answers))
}

/** The modules are imported only when needed, because most checks need neither HTTP nor processes. */
async function ask(probe: Probe): Promise<ProbeAnswer> {
  if (probe.kind === 'http') return (await import('./http.ts')).askHttp(probe)
  return (await import('./command.ts')).askCommand(probe)
}

function filled(probe: Probe, placeholders: Placeholders): Probe {
  const fill = (text: string): string => text.replaceAll(/\{([\w.-]+)\}/g, (whole, name) => placeholders[name] ?? whole)
  return probe.kind === 'http' ? { ...probe, url: fill(probe.url) } : { ...probe, command: fill(probe.command) }
}
