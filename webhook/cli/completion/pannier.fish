# Completion of pannier for fish: pannier completion fish | source

function __pannier_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l prefix ''
    set -l directive 4
    for line in ($words[1] completion candidates -- $words[2..-1] $word 2>/dev/null)
        switch $line
            case ':=*'
                set prefix (string sub -s 3 -- $line)
            case ':*'
                set directive (string sub -s 2 -- $line)
            case '*'
                echo -- $line
        end
    end
    test (math "bitand($directive, 4)") = 0; or return
    set -l part (string sub -s (math (string length -- $prefix) + 1) -- $word)
    set -l files
    if test (math "bitand($directive, 16)") != 0
        set files (__fish_complete_directories $part '')
    else
        set files (__fish_complete_path $part '')
    end
    for file in $files
        echo -- $prefix$file
    end
end

complete -c pannier -e
complete -c pannier -f -a '(__pannier_complete)'
