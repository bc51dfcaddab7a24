import { relative, resolve } from 'node:path'
import type { LoadedConfig } from '@chaosproxy/engine'
import type { ParsedOptions } from '../command.ts'

/** The options of `chaos record`, completed by what the configuration holds recordings to. */
export function recordedPromises(options: ParsedOptions, loaded: LoadedConfig | undefined): ParsedOptions {
  const { expect, require, baseline, tolerance } = loaded?.config.recording ?? {}
  const file = baseline && relative('.', resolve(loaded?.directory ?? '.', baseline))
  return {
    ...options,
    expect: options['expect'] ?? expect,
    require: options['require'] ?? require,
    baseline: options['baseline'] ?? file,
    tolerance: options['tolerance'] ?? tolerance,
  }
}
