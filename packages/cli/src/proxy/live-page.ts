import { openProxiesConsole, type ProxiesConsole } from '@chaosproxy/console'
import type { ControlPlane } from '@chaosproxy/proxy/control'
import type { UiSettings } from '../arguments/ui.ts'
import { print } from '../terminal/output.ts'

/** Serves the page of the proxies, and prints its address. */
export async function showProxies(
  plane: ControlPlane,
  seed: number | string,
  { listen }: UiSettings,
): Promise<ProxiesConsole> {
  const page = await openProxiesConsole({ plane, seed, listen })
  print(process.stderr, `\n  Live page: ${page.url}\n`)
  return page
}
