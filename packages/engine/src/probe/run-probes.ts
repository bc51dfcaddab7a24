import { type Probe, type ProbeAnswer, parseRequirement } from '@chaosproxy/runner/result'

/** Placeholders for servers' addresses, such as `n1`, in URLs and commands. */
export type Placeholders = { readonly [name: string]: string }

/** Runs all probes at once. Never throws: if a probe gets no answer, its result contains the reason. */
export async function runProbes(
  requirements: readonly string[],
  placeholders: Placeholders = {},
): Promise<ReadonlyMap<string, ProbeAnswer>> {
  const probes = requirements.flatMap((typed) => {
    const requirement = parseRequirement(typed, 'require')
    return requirement.kind === 'probe' ? [requirement] : []
  })
  const answers = probes.map(
    async ({ written, probe }) => [written, await runProbe(filled(probe, placeholders))] as const,
  )
  return new Map(await Promise.all(answers))
}

/** The modules are imported only when needed, because most checks need neither HTTP nor processes. */
async function runProbe(probe: Probe): Promise<ProbeAnswer> {
  if (probe.kind === 'http') return (await import('./http.ts')).runHttpProbe(probe)
  return (await import('./command.ts')).runCommandProbe(probe)
}

function filled(probe: Probe, placeholders: Placeholders): Probe {
  const fill = (text: string) => text.replaceAll(/\{([\w.-]+)\}/g, (whole, name) => placeholders[name] ?? whole)
  return probe.kind === 'http' ? { ...probe, url: fill(probe.url) } : { ...probe, command: fill(probe.command) }
}
