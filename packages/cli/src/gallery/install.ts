import { spawn } from 'node:child_process'
import { startWithThisThread } from '@chaosproxy/targets'

/** Installs the packages of a lock file without running their scripts. Resolves to the reason for a failure. */
export function installPackages(cwd: string, program: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const args = ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
    // A child that is started in this way ends even if this process is killed.
    const { child, forget } = startWithThisThread(
      (marked) =>
        spawn('npm', args, {
          cwd,
          stdio: ['ignore', 'ignore', 'pipe'],
          signal,
          env: { ...process.env, ...marked },
        }),
      { forks: true },
    )
    let output = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.once('error', ({ message }) => resolve(`npm cannot be run: ${message}`))
    child.once('close', (code) => {
      forget()
      resolve(code === 0 ? undefined : whyNotInstalled(output, code, program))
    })
  })
}

/** Returns why `npm ci` installed nothing. */
export function whyNotInstalled(output: string, code: number | null, program: string): string {
  if (/npm (?:error|ERR!) code EUSAGE/.test(output)) {
    const differences = [...output.matchAll(/npm (?:error|ERR!) ((?:Missing|Invalid): .+)/g)].map(([, text]) => text)
    const shown = differences.length === 0 ? '' : ` (${differences.slice(0, 2).join('; ')})`
    return `its package-lock.json is not in step with its package.json${shown}: npm install --package-lock-only --prefix ${program}`
  }
  const problem = /npm (?:error|ERR!) ((?!code |errno |syscall |A complete log).+)/.exec(output)?.[1]
  return `its packages cannot be installed from npm: ${problem ?? `npm ci ended with ${code}`}`
}
