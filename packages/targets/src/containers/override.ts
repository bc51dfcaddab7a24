import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface ServicePart {
  /**
   * Mounts in Compose's short syntax. In all Compose programs, such a mount replaces any other mount at the same place.
   */
  readonly volumes: readonly string[]
  readonly environment?: { readonly [name: string]: string } | undefined
}

/**
 * Writes a Compose file with additions to each service, and returns its path. Compose reads it after the project's own
 * file.
 */
export function writeOverride(
  directory: string,
  services: readonly string[],
  partOf: (service: string) => ServicePart,
): string {
  const path = join(directory, 'override.json')
  writeFileSync(path, JSON.stringify({ services: Object.fromEntries(services.map((each) => [each, partOf(each)])) }))
  return path
}
