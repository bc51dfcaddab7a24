import type { CommonDeclaration, ReadyDeclaration } from '../cluster/declaration.ts'

/** A cluster of containers that an engine runs: a Compose project, or containers by name or label. */
export interface ContainersDeclaration extends CommonDeclaration {
  /** The Compose file, relative to the declaration; or the name of a project that is up. */
  readonly compose?: string | { readonly project: string } | undefined
  /** Containers by name, or by label (`app=shop`), instead of a Compose project. */
  readonly containers?: readonly string[] | undefined
  /**
   * The services that are nodes, in order; each container of a scaled service is one. By default all of `containers`.
   * Other containers keep their links but are no nodes: a database, a cache.
   */
  readonly nodes?: readonly string[] | undefined
  /** The port that clients dial; by default the only one published, or the usual one of the image. */
  readonly port?: number | undefined
  /** When a node counts as ready; by default once its port accepts connections and its health check, if any, passes. */
  readonly ready?: Exclude<ReadyDeclaration, { readonly by: 'log' }> | undefined
  readonly readyWithinMs?: number | undefined
}

export const hasContainers = (declaration: object): declaration is ContainersDeclaration =>
  'compose' in declaration || 'containers' in declaration
