import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const git = (...args: readonly string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim()

export const thisCheckout = (): string => git('rev-parse', '--show-toplevel')

/** Checks out a commit next to this one, installs its packages and builds them; removed once `use` has ended. */
export async function withCommit(commit: string, use: (root: string) => Promise<void>): Promise<void> {
  const name = git('rev-parse', '--verify', `${commit}^{commit}`)
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const root = join(folder, 'checkout')
  git('worktree', 'add', '--detach', '--quiet', root, name)
  try {
    const run = (command: string, ...args: readonly string[]): unknown =>
      execFileSync(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
    run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline')
    run('npx', 'tsc', '-b', 'packages/simulator')
    await use(root)
  } finally {
    git('worktree', 'remove', '--force', root)
    rmSync(folder, { recursive: true, force: true })
  }
}
