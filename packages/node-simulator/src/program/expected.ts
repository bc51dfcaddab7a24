import { parseAst } from 'rolldown/parseAst'
import { assertionName } from '../world/assertions.ts'
import { type Node, visit } from './syntax.ts'

/**
 * Matches the names of the functions `sometimes` and `reachable`. Bundlers append a number to a name that is in use.
 */
const EXPECTING = /^(sometimes|reachable)(?:\$\d+)?$/

/** Returns the names of every `sometimes` and `reachable` in a bundle, even if never run. */
export function expectedIn(code: string): readonly string[] {
  if (!code.includes('chaosproxy.assertions')) return []
  const names: string[] = []
  visit(parseAst(code, { lang: 'js' }), (node) => {
    if (node.type !== 'CallExpression') return
    const [, kind] = EXPECTING.exec(calledName(node['callee'] as Node)) ?? []
    const given = node['arguments'] as readonly Node[]
    const name = given[kind === 'sometimes' ? 1 : 0]?.['value']
    if (kind !== undefined && typeof name === 'string') names.push(assertionName(kind, name))
  })
  return names
}

/** `reachable(…)`, or `assertions.reachable(…)`. */
const calledName = (callee: Node): string =>
  String((callee.type === 'MemberExpression' ? (callee['property'] as Node) : callee)['name'] ?? '')
