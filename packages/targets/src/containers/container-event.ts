/** What happened to a container. */
export interface ContainerEvent {
  readonly id: string
  readonly what: 'start' | 'die'
}
