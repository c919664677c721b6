//! Ways out of a template, and ways to hide them.

use domain::Verdict;
use proptest::prelude::*;

use super::judged;
use crate::texts::jinja::parse;

/// Each must be malicious: what it reaches is resolved and named.
const MALICIOUS: &[&str] = &[
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% if 'warning' in x.__name__ %}{{ x()._module.__builtins__['__import__']('os').popen('id').read() }}{% endif %}{% endfor %}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__['os'].system('id') }}",
    "{{ lipsum.__globals__['os'].popen('id') }}",
    "{{ self.__init__.__globals__.__builtins__ }}",
    "{{ self._TemplateReference__context.cycler.__init__.__globals__.os }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ request.application.__globals__ }}",
    "{{ config.__class__.from_envvar.__globals__ }}",
    "{{ messages.__class__ }}",
    "{{ range.__class__ }}",
    "{{ x['__class__'] }}",
    "{{ x['__cl' 'ass__'] }}",
    "{{ x['__cl' ~ 'ass__'] }}",
    "{{ x['__cl' + 'ass__'] }}",
    "{{ x['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "{{ x['\\u005f\\u005fclass__'] }}",
    "{{ x['\\137\\137class__'] }}",
    "{{ x['\\N{LOW LINE}_class__'] }}",
    "{{ x['__ssalc__'[::-1]] }}",
    "{{ x['__ssalc__'|reverse] }}",
    "{{ x['__CLASS__'|lower] }}",
    "{{ x['__CLASS__'.lower()] }}",
    "{{ x['__claXss__'.replace('X', '')] }}",
    "{{ x['__claXss__'|replace('X', '')] }}",
    "{{ x[['__cl', 'ass__']|join] }}",
    "{{ x[''.join(['__cl', 'ass__'])] }}",
    "{{ x['%s%s' % ('__cl', 'ass__')] }}",
    "{{ x['%s%s'|format('__cl', 'ass__')] }}",
    "{{ x['%c%cclass%c%c'|format(95, 95, 95, 95)] }}",
    "{{ x['{}{}'.format('__cl', 'ass__')] }}",
    "{{ x['_' * 2 ~ 'class' ~ '_' * 2] }}",
    "{{ x|attr('__class__') }}",
    "{{ x|attr('__cl' ~ 'ass__')|attr('__base__') }}",
    "{{ [x]|map(attribute='__class__')|list }}",
    "{{ [x]|map('attr', '__class__')|list }}",
    "{{ [x]|selectattr('__class__')|list }}",
    "{{ [x]|groupby('a.__class__') }}",
    "{{ [x]|sort(attribute='__class__') }}",
    "{{ dict(__class__=1)|list|first }}",
    "{{ x[dict(__cl=1, ass__=2)|join] }}",
    "{% set a = '__cl' %}{% set b = 'ass__' %}{{ x[a ~ b] }}",
    "{% set a = '__cl' %}{% set c = a + 'ass__' %}{{ x|attr(c) }}",
    "{% set ns = namespace(a='__cl', b='ass__') %}{{ x[ns.a + ns.b] }}",
    "{% set d = {'a': '__cl', 'b': 'ass__'} %}{{ x[d.a + d['b']] }}",
    "{% set l = ['ass__', '__cl'] %}{{ x[l[1] + l[0]] }}",
    "{% macro m(a, b) %}{{ x[a + b] }}{% endmacro %}{{ m('__cl', 'ass__') }}",
    "{% macro m(a, b='ass__') %}{{ x[a + b] }}{% endmacro %}{{ m(a='__cl') }}",
    "{% for p in ['__cl'] %}{{ x[p ~ 'ass__'] }}{% endfor %}",
    "{% for a, b in [('__cl', 'ass__')] %}{{ x[a ~ b] }}{% endfor %}",
    "{% set a %}__class__{% endset %}{{ x[a] }}",
    "{% with a = '__cl', b = 'ass__' %}{{ x[a ~ b] }}{% endwith %}",
    "{{ '{0.__class__}'.format(x) }}",
    "{{ '{0[__globals__]}'.format(x) }}",
    "{{ (x|list)[0].gi_frame.f_back.f_globals }}",
    "{{ x.mro() }}",
    "{{ x['func_globals'] }}",
    "{{ __import__('os') }}",
    "{{ eval('1') }}",
    "{{ open('/etc/passwd').read() }}",
    "{{ x.y.popen('id') }}",
    "{% if x.__class__ %}{% endif %}",
    "{% for x in y if x.__class__ %}{% endfor %}",
    "{% set x = y.__class__ %}",
    "{% call x.__class__() %}{% endcall %}",
    "{% filter upper|attr('__class__') %}{% endfilter %}",
    "{% macro m(a=x.__class__) %}{% endmacro %}",
    "{{ a if b else c.__class__ }}",
    "{{ [1, {'a': (x.__class__,)}] }}",
    "{{ x[1:y.__class__] }}",
    "{{ f(*x.__class__, **y) }}",
    "{{ x is sameas(y.__class__) }}",
    "{%- if true -%}{%- print(x.__class__) -%}{%- endif -%}",
    "{% generation %}{{ x.__class__ }}{% endgeneration %}",
    "{% autoescape x.__class__ %}{% endautoescape %}",
    "{% block b %}{{ x.__class__ }}{% endblock %}",
    "{% include x.__class__ %}",
    "{% do x.__class__ %}",
    "{{ loop.__class__ }}{{ raise_exception.__globals__ }}",
];

/// Each must at least be suspicious: what it reaches cannot be followed, or leads out only in some programs.
const SUSPICIOUS: &[&str] = &[
    "{{ x|attr(y) }}",
    "{{ x|attr('content') }}",
    "{{ x|attr(request.args.a) }}",
    "{{ cycler }}",
    "{{ lipsum|string }}",
    "{{ self }}",
    "{{ joiner(',') }}",
    "{{ config.items() }}",
    "{{ request }}",
    "{{ get_flashed_messages }}",
    "{{ url_for }}",
    "{{ x._private }}",
    "{{ x['_private'] }}",
    "{{ x[(lipsum|string|list)[18] ~ 'y'] }}",
    "{% set s = (()|select|string|list)[24] %}{{ x[s ~ s ~ 'class' ~ s ~ s] }}",
    "{% set ns = namespace(s='') %}{% for c in '__class__' %}{% set ns.s = ns.s ~ c %}{% endfor %}{{ x[ns.s] }}",
    "{% macro u() %}__cl{{ 'ass__' }}{% endmacro %}{{ x[u()] }}",
    "{% macro m() %}{{ x[varargs[0] ~ varargs[1]] }}{% endmacro %}{{ m('__cl', 'ass__') }}",
    "{% macro m() %}{{ x[varargs[0]] }}{% endmacro %}{{ m('__cl') }}",
    "{% set a %}__cl{{ 'ass__' }}{% endset %}{{ x[a] }}",
    "{{ ''[y] }}",
    "{{ x[bos_token] }}",
    "{{ x['a'.encode().decode('unicode_escape')] }}",
    "{{ x|map(y) }}",
    "{{ x|map(attribute=y) }}",
    "{{ x|no_such_filter }}",
    "{{ x is no_such_test }}",
    "{{ no_such_function() }}",
    "{{ x.no_such_method() }}",
    "{{ x['no_such_method']() }}",
    "{% include 'other' %}",
    "{% import 'other' as o %}",
    "{% from 'other' import o %}",
    "{% extends 'other' %}",
    "{% for x in range(100000000000) %}{% endfor %}",
    "{{ 'x' * 100000000000 }}",
    "{% set f = x.y %}{{ f() }}",
    "{% macro m(a) %}{{ caller('__cl', 'ass__') }}{% endmacro %}{% call(a, b) m(1) %}{{ x[a ~ b ~ z] }}{% endcall %}",
    "{{ '%s'.format_map(x) }}",
];

#[test]
fn trick_26_reaching_into_the_program_is_malicious_however_the_name_is_written() {
    for template in MALICIOUS {
        let (verdict, facts) = judged(template);
        assert_eq!(verdict, Verdict::Malicious, "{template}: {facts:?}");
    }
}

#[test]
fn trick_26_what_cannot_be_followed_is_never_clean() {
    for template in SUSPICIOUS {
        let (verdict, facts) = judged(template);
        assert!(verdict >= Verdict::Suspicious, "{template}: {verdict:?} {facts:?}");
    }
}

#[test]
fn the_name_that_was_hidden_is_named() {
    for template in ["{{ x['__cl' ~ 'ass__'] }}", "{{ x['%c%cclass__'|format(95, 95)] }}"] {
        let (_, facts) = judged(template);
        assert!(facts.contains(&("template-internals".to_owned(), "__class__".to_owned())), "{facts:?}");
    }
}

#[test]
fn a_template_that_does_not_parse_is_unscannable() {
    for template in [
        "{% if %}{% endif %}",
        "{{ x",
        "{% for x in y %}",
        "{{ (x }}",
        "{{ 'x }}",
        "{# x",
        "{% raw %}",
        "{% endif %}",
        "{% no_such_tag %}",
        "{{ x y }}",
        "{{ a[ }}",
        "{{ a is b is c }}",
        "{{ '\\x5' }}",
        "{{ }}",
        "{{ ! }}",
    ] {
        assert_eq!(judged(template).0, Verdict::Unscannable, "{template}");
    }
}

#[test]
fn nesting_and_length_are_bounded() {
    for template in [
        format!("{{{{ {} }}}}", "(".repeat(100_000)),
        format!("{{{{ {}x }}}}", "not ".repeat(100_000)),
        format!("{{{{ {}x }}}}", "-".repeat(100_000)),
        format!("{{{{ {}x }}}}", "a if ".repeat(100_000)),
        format!("{{{{ {} }}}}", "x if y else ".repeat(50_000)),
        "{% if x %}".repeat(100_000),
        "{{ x }}".repeat(200_000),
        "x".repeat(2 << 20),
    ] {
        assert_eq!(judged(&template).0, Verdict::Unscannable, "{}", &template[..40]);
    }
    for template in [
        format!("{{{{ a{} }}}}", ".b".repeat(50_000)),
        format!("{{{{ a{} }}}}", "|trim".repeat(50_000)),
        format!("{{{{ a{} }}}}", " ~ b".repeat(50_000)),
        format!("{{% if a %}}{}{{% endif %}}", "{% elif b %}".repeat(20_000)),
    ] {
        assert_eq!(judged(&template).0, Verdict::Clean, "{}", &template[..40]);
    }
}

#[test]
fn values_that_grow_on_their_way_do_not_grow_the_work() {
    let chain: String =
        (0..60).map(|n| format!("{{% set a{} = a{n} ~ a{n} %}}", n + 1)).collect::<Vec<_>>().concat();
    let (verdict, _) = judged(&format!("{{% set a0 = 'ab' %}}{chain}{{{{ a60 }}}}"));
    assert_eq!(verdict, Verdict::Clean);
    let lists: String = (0..40).map(|n| format!("{{% set l = [l, l, {n}] + l %}}")).collect();
    assert!(judged(&format!("{{% set l = ['x'] %}}{lists}")).0 <= Verdict::Unscannable);
}

proptest! {
    #[test]
    fn any_text_is_judged_without_a_panic(text in "(?s).{0,300}") {
        judged(&text);
    }

    #[test]
    fn template_like_text_is_judged_without_a_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{{", "}}", "{%", "%}", "-", "for", "if", "else", "in", "x", "y.z", "'a'", "[", "]", "(", ")", "|", "~",
            "attr", "set", "=", "endfor", "endif", "macro", "endmacro", ",", ":", "1", "not", "is", "{", "}", " ",
            "namespace", "*", "%", "\\x5f", "range", "join", "loop", "call", "endcall", "caller",
        ]), 0..60),
    ) {
        judged(&parts.join(" "));
    }

    #[test]
    fn a_dunder_is_seen_wherever_an_expression_stands(
        before in prop::sample::select(vec!["", "1 + ", "not ", "[1, ", "f(", "a if ", "x|default("]),
        name in "__[a-z]{2,12}__",
    ) {
        let after = match before {
            "[1, " => "]",
            "f(" | "x|default(" => ")",
            "a if " => " else b",
            _ => "",
        };
        let template = format!("{{{{ {before}x.{name}{after} }}}}");
        prop_assert!(parse::template(&template).is_ok());
        prop_assert_eq!(judged(&template).0, Verdict::Malicious);
    }
}
