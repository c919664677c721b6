//! Seeds that are no model: what kernels, editors, people and the other side of a connection write.

use artifact::testkit::archives::{deflated, entry, part, tar, zip};
use domain::{
    Agent, Artifact, Confidence, Content, Coverage, Device, Digest, Finding, HostPath, Metadata, Program,
    Severity, Verdict,
};
use jiff::Timestamp;
use protocol::{
    sensor::{Changes, Command, Delta, Order, Report, ScanSummary, keyed_agents, keyed_runtimes, pack},
    signing::{EnrolmentToken, Envelope, KeyId, SigningKey, sign_request},
};

fn bytes<const N: usize>(texts: [&str; N]) -> Vec<Vec<u8>> {
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

pub(crate) fn jinja() -> Vec<Vec<u8>> {
    // What each of these is worth doubles with every line.
    let lines =
        (1..100).map(|line| format!("{{% set a{line} = a{0} ~ a{0} %}}", line - 1)).collect::<String>();
    let doubling = format!("{{% set a0 = 'a' %}}{lines}{{{{ x[a99] }}}}");
    let twice = (1..60).map(|name| {
        format!("{{% macro m{name}() %}}{{{{ m{0}() }}}}{{{{ m{0}() }}}}{{% endmacro %}}", name - 1)
    });
    let calling = format!("{}{{{{ m59() }}}}", twice.collect::<String>());
    bytes([
        "{%- for message in messages %}{{ '<|' + message['role'] + '|>' }}{{ message.content | trim }}{% endfor %}",
        "{% set ns = namespace(a='') %}{% for c in 'abc' %}{% set ns.a = ns.a ~ c %}{% endfor %}{{ ns.a }}",
        "{% macro m(a, b='x', *c, **d) %}{{ a[b:1:-1] }}{% endmacro %}{{ m('y', b='z') }}{% call(x) m(1) %}{% endcall %}",
        "{{ x|attr('__cl' ~ 'ass__') if not a is none and b or c else d['e'].f(*g, h=1) }}",
        "{% raw %}{{ }}{% endraw %}{# a comment #}{%- if a %}{% elif b %}{% else %}{% endif -%}\n# for a in b\n",
        "{{ '%s%c' % ('a', 95) }}{{ '{0.a[b]}'.format(x) }}{{ [1, (2,), {'a': -3.5e+2 // 4 ** 5}] }}",
        "{% filter upper|indent(4) %}{% block b scoped required %}{% include 'x' ignore missing %}{% endblock %}{% endfilter %}",
        "{{ '\\u005f\\x5f\\137\\N{LOW LINE}' }}{% generation %}{% endgeneration %}{% break %}{% continue %}",
        &doubling,
        &calling,
    ])
}

pub(crate) fn go_templates() -> Vec<Vec<u8>> {
    bytes([
        "{{ if .System }}<|system|>{{ .System }}{{ end }}{{ range $i, $m := .Messages }}{{ $m.Content }}{{ else }}-{{ end }}",
        "{{- with $x := index .ToolCalls 0 -}}{{ printf \"%s %d\" .Name (len $x) | json }}{{- end -}}",
        "{{ define \"a\" }}{{ template \"b\" . }}{{ end }}{{/* a comment */}}{{ block \"c\" .X }}`raw`{{ end }}",
        "{{ call .F 1 'x' 0x1f 1.5e3 (eq .A nil) }}{{ break }}",
    ])
}

pub(crate) fn text_graphs() -> Vec<Vec<u8>> {
    bytes([
        "node { name: \"x\" op: \"MatMul\" input: \"a\" attr { key: \"T\" value { type: DT_FLOAT } } } versions { producer: 1 }",
        "ir_version: 8 opset_import { version: 21 } graph { name: 'g' node { op_type: \"Relu\" input: \"x\" output: 'y\\n\\101\\x41' } }",
        "# a comment\nmeta_graphs < graph_def: { node: [ { op: \"ReadFile\" }, { op: \"NoOp\" } ] } > ;\n[x.y/z] { a: -0x1F, b: 1.5e3f }",
        "{\"graph_module\": {\"graph\": {\"nodes\": [{\"target\": \"torch.ops.aten.add.Tensor\", \"inputs\": []}]}}}",
    ])
}

pub(crate) fn yaml() -> Vec<Vec<u8>> {
    bytes([
        "_target_: nemo.collections.asr.models.EncDecCTCModel\npreprocessor:\n  _target_: nemo.x.Y\n  args: [1, 2.5, null]\n",
        "a: &x [1, 2]\nb: *x\nc: !!python/object/apply:os.system ['id']\n--- !t\n? k\n: |\n  text\n  more\n",
        "a: {b: [c, 'd\\n', \"e\\x41\"], <<: *z}\n...\n%YAML 1.2\n---\n>-\n folded\n",
    ])
}

/// Configurations beside a model, by their names.
pub(crate) fn configurations() -> impl Iterator<Item = (&'static str, &'static str)> {
    [
        ("config.json", r#"{"model_type":"x","auto_map":{"AutoModel":"org/repo--modeling_x.X"},"torch_dtype":"float16"}"#),
        ("tokenizer_config.json", r#"{"chat_template":[{"name":"default","template":"{{ messages }}"}],"auto_map":null}"#),
        ("tokenizer.json", r#"{"version":"1.0","model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}}"#),
        ("model_index.json", r#"{"_class_name":"StableDiffusionPipeline","unet":["diffusers","UNet2DConditionModel"]}"#),
        ("adapter_config.json", r#"{"peft_type":"LORA","base_model_name_or_path":"org/base","r":8}"#),
        ("modules.json", r#"[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"}]"#),
        ("configuration.json", r#"{"framework":"pytorch","task":"x","allow_remote":true}"#),
        ("schema.json", r#"{"__module__":"sklearn.linear_model","__class__":"LogisticRegression","__loader__":"ObjectNode"}"#),
        ("model.safetensors.index.json", r#"{"metadata":{"total_size":8},"weight_map":{"w":"model-00001-of-00002.safetensors"}}"#),
        ("preset.ini", "[a]\nmodel = x.gguf\n; comment\nhf-repo = org/repo\n"),
        ("Modelfile", "FROM ./x.gguf\nTEMPLATE \"\"\"{{ .Prompt }}\"\"\"\nADAPTER a.gguf\nPARAMETER stop \"x\"\n"),
        ("README.md", "---\nlicense: apache-2.0\nbase_model: org/base\n---\n# A model\n"),
        ("MLmodel", "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    code: code\nmodel_uuid: x\n"),
        (
            "config.pbtxt",
            "name: \"m\"\nbackend: \"python\"\nmax_batch_size: 8\ninput [ { name: \"x\", dims: [ -1, 4 ] } ]\nparameters { key: \"EXECUTION_ENV_PATH\" value: { string_value: \"$$TRITON_MODEL_DIRECTORY/e.tar.gz\" } }\n",
        ),
        ("requirements.txt", "torch==2.1\n--index-url https://h/simple\ngit+https://h/x@main#egg=y ; python_version < '3.9'\n-e ."),
        ("conda.yaml", "name: x\nchannels: [conda-forge]\ndependencies:\n  - python=3.11\n  - pip:\n    - x @ https://h/x.whl\n"),
        ("modeling_x.py", "import os as o\nfrom x import (a, b as c)\nclass X:\n    def f(self):\n        o.system('id') # no\n"),
    ]
    .into_iter()
}

/// Members and directory of archives, as `directories` puts them together.
pub(crate) fn directories() -> Vec<Vec<u8>> {
    let pickle = artifact::testkit::pickle(&[("collections", "OrderedDict")]);
    let zips =
        [zip(&[part("a.pkl", &pickle), part("b/c", b"x")]), zip(&[deflated("archive/data.pkl", &pickle)])];
    let tars = [
        tar(&[
            entry("a.pkl", b'0', "", &pickle),
            entry("b", b'2', "/etc/x", b""),
            entry("d/", b'5', "", b""),
        ]),
        tar(&[entry("x", b'x', "", b"20 path=../../etc/x\n"), entry("y", b'L', "", b"long name\0")]),
    ];
    let zips = zips.iter().filter_map(|file| parts_of_zip(file));
    zips.chain(tars.iter().map(|file| [&[1], &file[..]].concat())).collect()
}

/// Kind, length of the members in fours, members, directory: the magic numbers in front of them left out.
fn parts_of_zip(file: &[u8]) -> Option<Vec<u8>> {
    let find = |magic: &[u8]| file.windows(4).position(|window| window == magic);
    let (directory, end) = (find(b"PK\x01\x02")?, find(b"PK\x05\x06")?);
    let mut members = file.get(4..directory)?.to_vec();
    members.resize(members.len().next_multiple_of(4), 0);
    let fours = u8::try_from(members.len() / 4).ok()?;
    Some([&[0, fours], &members[..], file.get(directory + 4..end)?].concat())
}

pub(crate) fn documents() -> Vec<Vec<u8>> {
    bytes([
        r#"{"servers":{"a":{"command":"npx","args":["-y","@org/server@1.2.3"],"env":{"API_KEY":"s3cr3t"}}}}"#,
        "// as an editor writes it\n{\"servers\": {\"b\": {\"url\": \"https://u:p@h/mcp?token=x\", /* no */ \"type\": \"sse\",},},}",
        "[servers.c]\ncommand = \"uvx\"\nargs = [\"--from\", \"git+https://h/x@main\", \"tool==1.0\"]\nenv = { TOKEN = \"x\" }\n",
        "servers:\n  - name: d\n    command: docker\n    args: [run, --rm, -i, 'org/image:latest']\n  - &e {id: e, cmd: x}\n",
        "npx\n-y\n@org/server@latest\n--token\ns3cr3t",
        "docker\nrun\n-e\nKEY=x\n--network=host\nghcr.io/org/x@sha256:0000",
        "11c5a3d5811f50298f278a704980280950aedb10\n7c5d3f4b8b76583b422fcb9189ad6c89d5d97a094541ce8932dce3ecabde1421\n1712656091.123\n",
        r#"{"schemaVersion":2,"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:00","size":1},{"mediaType":"application/vnd.ollama.image.license","digest":"sha256-ff","size":2}]}"#,
        "---\nlicense: [apache-2.0, other]\nbase_model:\n  - org/base\ntags: &t [a, b]\nlanguage: *t\n---\n# Card\n",
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n",
        "https://user:pass@huggingface.co/a/b/resolve/0123456789abcdef0123456789abcdef01234567/x.gguf?download=true#y",
    ])
}

pub(crate) fn licenses() -> Vec<Vec<u8>> {
    bytes([
        "Apache License, Version 2.0",
        "https://www.apache.org/licenses/LICENSE-2.0.txt",
        "LLAMA 3.1 COMMUNITY LICENSE AGREEMENT\nLlama 3.1 Version Release Date: July 23, 2024",
        "cc-by-nc-4.0",
        "MIT License\n\nCopyright (c) 2024\n\nPermission is hereby granted, free of charge",
        "*-packages/tool\n/usr/lib/python3/dist-packages/tool/x.so",
        "~/.tool/bin\n/home/u/.tool/bin/x",
        "a*b*c*d\naXbXcXbXcXd",
    ])
}

pub(crate) fn kernel_tables() -> Vec<Vec<u8>> {
    let mut seeds = bytes([
        "42 (a) R 1 (b) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 99 9\n",
        "7f00-7f10 r--p 00000000 fe:01 77 /m/my\\012model (deleted)\n7f10-7f20 rw-p 00010000 fe:01 0 [heap]\n",
        "llama-server\0-m\0/m/x.gguf\0--port\08080\0",
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n24 22 0:44 / /home/a\\040b rw shared:9 master:1 - nfs4 srv:/x rw\n",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31337 1 0 100 0 0 10 0\n",
        "   1: 00000000000000000000000001000000:2CAA 00000000000000000000000000000000:0000 0A 0:0 0:0 0 1 0 77\n",
        "drm-driver:\tamdgpu\ndrm-pdev:\t0000:c1:00.0\ndrm-client-id:\t12\ndrm-memory-vram:\t5120 KiB\ndrm-engine-compute:\t100 ns\n",
        "Name:\tx\nUmask:\t0022\nUid:\t1000\t1000\t1000\t1000\nGid:\t5\t5\t5\t5\nVmRSS:\t  12 kB\n",
    ]);
    seeds.push(b"7f00-7f10 r--p 0 fe:01 77 /m/\xff\xfe\n".to_vec());
    seeds
}

pub(crate) fn command_lines() -> Vec<Vec<u8>> {
    bytes([
        "llama-server\n--api-key\ns3cr3t\n--port\n1",
        "env\nOPENAI_API_KEY=s3cr3t\nHF_TOKEN=hf_abcdefghijklmnopqrstuvwxyz01234567\nx",
        "docker\nrun\n-e\nDB_PASSWORD=a b&c=d\n--env=X=y",
        "curl\n-H\nAuthorization: Bearer s3cr3t\n-u\nme:s3cr3t\nhttps://me:s3cr3t@h/?a=1&api_key=x&b=2",
        "sh\n-c\nrun --token s3cr3t --port 1 && echo \"apiKey\": 'x'",
        "{\"apiKey\":\"s3cr3t\",\"model\":\"m\"}\n-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----",
        "x\nAb3dEf6hIj9lMn2pQr5tUv8xYz1bCd4f\n${TOKEN}\n***\nBearer ***",
    ])
}

/// Made with another key than that of the target, which must let none of them through.
pub(crate) fn signatures() -> Vec<Vec<u8>> {
    let key = SigningKey::from_bytes(&[9; 32]);
    let signed = sign_request(&key, "POST", "/", b"{}", 1_700_000_000, &[3; 16]);
    let headers = signed.map(|(_, value)| value).join("\n");
    let envelope = Envelope::sign(&key, "application/x", b"payload");
    let sealed = format!("{}\n{}\n{}", envelope.payload_type, envelope.payload, envelope.signatures[0].sig);
    let id = KeyId::of(&key.verifying_key());
    let token =
        EnrolmentToken { url: "http://127.0.0.1:7411".into(), key: id.clone(), secret: "a".repeat(40) };
    let json = serde_json::to_string(&envelope).expect("an envelope is JSON");
    [headers, sealed, token.encode(), id.as_str().to_owned(), json].map(String::into_bytes).to_vec()
}

pub(crate) fn messages() -> Vec<Vec<u8>> {
    let report = report();
    let command = Command {
        device: "0123456789abcdef0123456789abcdef".parse().expect("an id"),
        serial: 1,
        issued_at: Timestamp::UNIX_EPOCH,
        expires_at: Timestamp::UNIX_EPOCH,
        order: Order::Rescan,
    };
    vec![
        pack(&report).expect("a small report"),
        // A frame that asks for a window of 3.75 TiB (RFC 8878, section 3.1.1.1.2).
        vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 0x01, 0x00, 0x00],
        serde_json::to_vec(&report).expect("a report is JSON"),
        serde_json::to_vec(&command).expect("a command is JSON"),
        br#"{"type":"urn:eyeline:problem:resend","title":"send all of it","status":409}"#.to_vec(),
        br#"{"token":"t","device":{"hostname":"h","os":"linux","arch":"x86_64"},"public_key":"x","sensor_version":"0"}"#.to_vec(),
    ]
}

fn report() -> Report {
    let path = HostPath::from_bytes(*b"/m/\xff.gguf");
    let artifact = Artifact {
        paths: vec![path.clone(), HostPath::from("/m/b.gguf")],
        size: 1,
        format: "gguf".into(),
        digest: Digest::PENDING,
        store: None,
        origin: None,
        license: None,
        metadata: Metadata::default(),
        verdict: Verdict::Clean,
        facts: vec![],
        content: Content::default(),
    };
    let finding = Finding {
        rule: "r".into(),
        severity: Severity::Low,
        subject: "s\u{202e}".into(),
        message: "m".into(),
        evidence: vec![],
        help: String::new(),
        paths: vec![path],
    };
    let program = |tool: &str| Program::installed(Some(tool.to_owned()), None, vec![], Confidence::Likely);
    let device =
        Device { id: None, hostname: None, os: "linux".into(), os_version: None, arch: "x86_64".into() };
    let scan = ScanSummary {
        device,
        started_at: Timestamp::UNIX_EPOCH,
        elapsed_ms: 7,
        complete: true,
        coverage: Coverage::default(),
        accelerators: vec![],
        notes: vec!["n".into()],
    };
    let changes = Changes {
        full: true,
        artifacts: Delta { put: vec![artifact], remove: vec!["x\0y".into()] },
        runtimes: Delta { put: keyed_runtimes(vec![program("t")]), remove: vec![] },
        agents: Delta { put: keyed_agents(vec![Agent::new(program("a"))]), remove: vec![] },
        packages: Delta::default(),
        findings: Delta { put: vec![finding], remove: vec![] },
    };
    let (base, state) = (Some("a".into()), "b".into());
    Report { sequence: 3, base, state, sensor_version: "0".into(), scan, changes, answers: vec![4] }
}

pub(crate) fn events() -> Vec<Vec<u8>> {
    bytes([
        "\u{3}event: command\ndata: {\"a\":1}\ndata: more\nid: 7\n\n: a comment\n\ndata\n\n",
        "\u{1}data: one\r\n\r\ndata:two\rretry: 10\r\r\u{feff}data: three\n\n",
        "\u{7f}\u{feff}event\ndata:  spaces  \nid\nunknown: x\n\n\n\ndata: unfinished",
    ])
}

pub(crate) fn queries() -> Vec<Vec<u8>> {
    bytes([
        r#"llama -name:MIT,apache-* "two words" state:!open"#,
        r#"path:"/m/a b*",/n held:>1 size:>=1.5GiB seen:<7d"#,
        "size:4gb,!5KiB held:!=3 seen:>=2024-01-02 -state:open,acknowledged",
        r#"name:"a*,b" "nosuch:field" -"-" name:!"" *"#,
        "state:open state:open held:18446744073709551615 seen:2024-01-02T03:04:05Z",
    ])
}
