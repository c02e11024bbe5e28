/** Something that is under way and can be ended from outside. In at most one list at a time. */
export interface ActiveLoop {
  close(): void;
  /** Neighbors in the list of active loops; only the list touches them. */
  older: ActiveLoop | undefined;
  newer: ActiveLoop | undefined;
}

/** The loops of a policy that are not settled. A linked list: a `Set` would cost as much as the rest of a call that succeeds. */
export class ActiveLoops {
  #newest: ActiveLoop | undefined;

  add(loop: ActiveLoop): void {
    loop.older = this.#newest;
    if (this.#newest !== undefined) this.#newest.newer = loop;
    this.#newest = loop;
  }

  /** Takes a loop out; one that is not in the list has no neighbors and is ignored. */
  delete(loop: ActiveLoop): void {
    if (this.#newest === loop) this.#newest = loop.older;
    if (loop.older !== undefined) loop.older.newer = loop.newer;
    if (loop.newer !== undefined) loop.newer.older = loop.older;
    loop.older = undefined;
    loop.newer = undefined;
  }

  /** Closes all, the newest first; each takes itself out of the list. */
  closeAll(): void {
    while (this.#newest !== undefined) this.#newest.close();
  }
}
