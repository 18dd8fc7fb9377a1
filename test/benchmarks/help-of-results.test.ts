import { describe, expect, it } from 'vitest';
import { help } from './help-of.ts';

describe('--help on results, data and what is kept', () => {
  it('of report', async () => {
    expect(await help('report')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods report [options] [run...]

      Makes one self-contained HTML report of finished runs: verdicts, tables, plots,
      cells, configuration, how to repeat them.

      Arguments:
        run           run directories, or experiments: the latest run of each in
                      runs/; several make one page

      What to make:
        --markdown    Markdown with SVG pictures (default: HTML)
        --csv         one CSV file for each table (default: HTML)
        --json        every table as JSON, on stdout (default: HTML)
        --save        the committed form, into benchmarks/reports, and the README from
                      it (default: HTML)

      Where it goes:
        --out <path>  file, or folder for --csv (default: in the run directory)

      Options:
        -h, --help    show this help

      With --save and no run only the marked sections of the READMEs are written anew.

      Examples:
        npm run -s cli -- report came-convergence
        npm run -s cli -- report runs/first runs/second --out both.html
        npm run -s cli -- report came-convergence --save
      "
    `);
  });

  it('of verify', async () => {
    expect(await help('verify')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods verify [options] <run...>

      Holds finished runs against their claims and against the committed reports,
      metric by metric.

      Arguments:
        run              run directories, or experiments: the latest run of each in
                         runs/

      Where from:
        --reports <dir>  folder of the committed reports (default: benchmarks/reports)

      What it prints:
        --json           print JSON and nothing else on stdout (default: false)

      Options:
        -h, --help       show this help

      The band of a metric:
        with an interval   committed mean ± 2 half-widths of its 95 % interval
        times and rates    at most 1.25 times slower, on the same processor, cores and backend; elsewhere not held
        whole numbers      the same
        other numbers      the same to six digits
        spreads, rounding differences, resident memory, threads: shown, not held
      The run must have the settings of the committed report; seeds, peers and backend may differ.

      Exit codes: 0 inside, 1 outside or the claim is not met, 2 wrong usage or other settings, 3 a run or report is missing.

      Examples:
        npm run -s cli -- verify came-convergence
        npm run -s cli -- verify runs/came-convergence --json
        npm run -s cli -- verify runs/first runs/second --reports elsewhere/reports
      "
    `);
  });

  it('of compare', async () => {
    expect(await help('compare')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods compare [options] <a> <b>

      Compares two finished runs of an experiment: metrics, cells paired by seed,
      settings and environment.

      Arguments:
        a                run directory, or experiment: its committed report
        b                the same

      Where from:
        --reports <dir>  folder of the committed reports (default: benchmarks/reports)

      What it prints:
        --json           print JSON and nothing else on stdout (default: false)
        --markdown       print Markdown tables (default: false)

      Options:
        -h, --help       show this help

      Examples:
        npm run -s cli -- compare runs/before runs/after
        npm run -s cli -- compare came-convergence runs/came-convergence
        npm run -s cli -- compare runs/before runs/after --markdown
      "
    `);
  });

  it('of data', async () => {
    expect(await help('data')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods data [options] [command]

      Lists and downloads public data sets: texts, WikiText, GLUE, SQuAD.

      Options:
        -h, --help                    show this help

      Commands:
        ls [options]                  list them: size, whether it is here, terms
        download [options] <name...>  download sets

      Examples:
        npm run -s cli -- data
        npm run -s cli -- data download sst-2
        npm run -s cli -- data download glue --dir data
      "
    `);
  });

  it('of data ls', async () => {
    expect(await help('data', 'ls')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods data ls [options]

      Lists the public data sets: size of the download, whether and where it is here,
      terms.

      Options:
        --dir <dir>  folder with a folder for each set (default: in your cache)
        --json       print JSON and nothing else on stdout (default: false)
        -h, --help   show this help

      Examples:
        npm run -s cli -- data ls
        npm run -s cli -- data ls --dir data
        npm run -s cli -- data ls --json
      "
    `);
  });

  it('of data download', async () => {
    expect(await help('data', 'download')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods data download [options] <name...>

      Downloads sets, checks them by sha256 and unpacks them. What is here is kept;
      what was interrupted is continued.

      Arguments:
        name         names, as \`data ls\` shows them, or glue or squad for all of those

      Options:
        --dir <dir>  folder with a folder for each set (default: in your cache)
        --json       print JSON and nothing else on stdout (default: false)
        --quiet      no progress (default: false)
        -h, --help   show this help

      Examples:
        npm run -s cli -- data download tiny-shakespeare
        npm run -s cli -- data download cola mrpc --dir data
        npm run -s cli -- data download squad --quiet
      "
    `);
  });

  it('of clean', async () => {
    expect(await help('clean')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods clean [options]

      Lists run directories, downloads, native builds, data sets and models with their
      sizes; deletes only what is named.

      What to delete:
        --runs [which]  runs: unfinished, those that were interrupted, or all
                        (default: none; without a word: unfinished)
        --downloads     downloads that were interrupted (default: false)
        --native        TensorFlow and what \`setup\` compiled (default: false)
        --datasets      data sets in the cache (default: false)
        --models        pre-trained models in the cache; fetched again when needed
                        (default: false)
        --dry-run       show what would be deleted, and delete nothing (default:
                        false)

      Where:
        --dir <dir>     folder of the run directories (default: runs)

      What it prints:
        --json          print JSON and nothing else on stdout (default: false)

      Options:
        -h, --help      show this help

      What is not ours, is in use, or is reached through a link is left alone.
      Exit codes: 0 done, 2 something named is in use or cannot be deleted.

      Examples:
        npm run -s cli -- clean
        npm run -s cli -- clean --runs --dry-run
        npm run -s cli -- clean --runs all --downloads
      "
    `);
  });
});
