import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const git = (...args: readonly string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim()

export const thisCheckout = (): string => git('rev-parse', '--show-toplevel')

/**
 * Checks out a commit in a temporary directory, and builds the simulator there. The build uses the dependencies that
 * are installed in this checkout. Removes the directory when `use` has ended.
 *
 * @throws Error if this clone has no such commit.
 */
export async function withCommit<Result>(commit: string, use: (root: string) => Promise<Result>): Promise<Result> {
  const name = namedHere(commit)
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const root = join(folder, 'checkout')
  git('worktree', 'add', '--detach', '--quiet', root, name)
  try {
    const here = thisCheckout()
    linkPackages(join(here, 'node_modules'), root)
    const compiler = join(here, 'node_modules', '.bin', 'tsc')
    execFileSync(compiler, ['-b', 'packages/simulator'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    return await use(root)
  } finally {
    git('worktree', 'remove', '--force', root)
    rmSync(folder, { recursive: true, force: true })
  }
}

function namedHere(commit: string): string {
  try {
    return execFileSync('git', ['rev-parse', '--verify', '--quiet', `${commit}^{commit}`], { encoding: 'utf8' }).trim()
  } catch {
    const remedy =
      git('rev-parse', '--is-shallow-repository') === 'true'
        ? 'it has only the latest commits. Fetch the others: git fetch --unshallow'
        : 'is it spelled correctly, and fetched?'
    throw new Error(`there is no commit ${commit} in this clone: ${remedy}`)
  }
}

/** Links the packages in `installed`, except those of this repository: the commit has its own versions of them. */
function linkPackages(installed: string, root: string): void {
  const own = readdirSync(join(root, 'packages')).map((folder) => {
    const manifest = readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8')
    return { folder, name: (JSON.parse(manifest) as { readonly name: string }).name }
  })
  const modules = join(root, 'node_modules')
  mkdirSync(modules)
  const scopes = new Set(own.map(({ name }) => name.split('/')[0]))
  for (const name of readdirSync(installed))
    if (!name.startsWith('.') && !scopes.has(name)) symlinkSync(join(installed, name), join(modules, name))
  for (const { folder, name } of own) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, 'packages', folder), join(modules, name))
  }
}
