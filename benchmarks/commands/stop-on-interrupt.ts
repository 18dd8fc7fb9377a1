/** A second signal so soon, in milliseconds, is the same Ctrl-C: npm passes on what the terminal has sent already. */
const sameKeystroke = 1000;

/** The first Ctrl-C aborts. With no handler left, the second ends the process as if there had never been one. */
export function stopOnInterrupt(controller: AbortController, told: () => void): void {
  let caught = false;
  const stop = () => {
    if (caught) return;
    caught = true;
    told();
    controller.abort();
    setTimeout(() => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    }, sameKeystroke).unref();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}
