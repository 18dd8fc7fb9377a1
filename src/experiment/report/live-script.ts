/** Runs after the browser script in a report that grows: asks its server for news until the run has ended. */
export function liveScript(interval: number): string {
  return `
const progress = Object.assign(document.createElement('section'), { id: 'progress' });
progress.setAttribute('role', 'status');
document.querySelector('main').before(progress);
let version = '';
async function follow() {
  try {
    const news = await (await fetch('/state?' + version)).json();
    if (news.body !== undefined) await show(news.body, news.charts);
    version = news.version;
    progress.innerHTML = news.progress;
    document.body.dataset.version = version;
    if (news.ended) progress.textContent = 'The run has ended: this page no longer changes.';
    else setTimeout(follow, ${interval});
  } catch {
    progress.textContent = 'The run has stopped, or cannot be reached: this page no longer changes.';
  }
}
follow();
`;
}
